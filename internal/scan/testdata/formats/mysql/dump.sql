-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: shop
-- ------------------------------------------------------
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;

DROP TABLE IF EXISTS `customers`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
CREATE TABLE `customers` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT COMMENT 'key; of the row',
  `email` varchar(191) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT 'it\'s; empty',
  `state` enum('new','paid','it''s gone') DEFAULT 'new',
  `flags` set('a','b') DEFAULT NULL,
  `full_name` varchar(90) GENERATED ALWAYS AS (concat(`email`,' ',`id`)) VIRTUAL,
  `weird``name` tinyint(1) DEFAULT 0,
  `balance` decimal(10,2) NOT NULL DEFAULT 0.00,
  `note` longtext DEFAULT NULL COMMENT 'free text',
  `shop_id` int(11) DEFAULT NULL,
  `created` timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
  PRIMARY KEY (`id`),
  UNIQUE KEY `email` (`email`),
  KEY `shop` (`shop_id`,`created`),
  FULLTEXT KEY `note` (`note`),
  CONSTRAINT `fk_shop` FOREIGN KEY (`shop_id`) REFERENCES `shops` (`id`) ON DELETE SET NULL
) ENGINE=InnoDB AUTO_INCREMENT=42 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='People who buy'
/*!50100 PARTITION BY HASH (`id`) PARTITIONS 4 */;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES `customers` WRITE;
/*!40000 ALTER TABLE `customers` DISABLE KEYS */;
INSERT INTO `customers` VALUES (1,'CREATE TABLE `leaked` (`a` int);','new'),(2,'O\'Neil; --','paid');
/*!40000 ALTER TABLE `customers` ENABLE KEYS */;
UNLOCK TABLES;

CREATE TABLE `shops` (
  `id` int(11) NOT NULL,
  `name` char(3) DEFAULT NULL,
  `spot` point NOT NULL,
  `doc` json DEFAULT NULL
) ENGINE=InnoDB;

ALTER TABLE `shops`
  ADD PRIMARY KEY (`id`);

CREATE TEMPORARY TABLE `scratch` (`id` int);

/*!50001 CREATE VIEW `customer_list` AS SELECT
 1 AS `id`*/;

DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `customers` FOR EACH ROW BEGIN
  SET NEW.note = 'x';
  CREATE TABLE inner_table (id int);
END */;;
DELIMITER ;

CREATE TABLE `broken` (
  `id` int(11) NOT NUL
);

/*!50001 DROP VIEW IF EXISTS `customer_list`*/;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`root`@`localhost` SQL SECURITY DEFINER */
/*!50001 VIEW `customer_list` AS select `customers`.`id` AS `id` from `customers` */;
-- Dump completed
