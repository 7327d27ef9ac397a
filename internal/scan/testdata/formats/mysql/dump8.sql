-- MySQL dump 10.13  Distrib 8.0.39, for Linux (x86_64)
--
-- Host: localhost    Database: loyalty
-- ------------------------------------------------------
-- Server version	8.0.39

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!50503 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;
SET @@SESSION.SQL_LOG_BIN= 0;
SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5';

--
-- Current Database: `loyalty`
--

CREATE DATABASE /*!32312 IF NOT EXISTS*/ `loyalty` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;

USE `loyalty`;

--
-- Table structure for table `member`
--

DROP TABLE IF EXISTS `member`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `member` (
  `member_id` bigint unsigned NOT NULL AUTO_INCREMENT,
  `public_id` binary(16) NOT NULL DEFAULT (uuid_to_bin(uuid())),
  `email` varchar(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'the member''s address; "work" or `home` -- never both /* or neither */',
  `first_name` varchar(80) NOT NULL DEFAULT '',
  `last_name` varchar(80) NOT NULL DEFAULT '',
  `full_name` varchar(161) GENERATED ALWAYS AS (concat(`first_name`,_utf8mb4' ',`last_name`)) STORED,
  `email_domain` varchar(255) GENERATED ALWAYS AS (substring_index(`email`,_utf8mb4'@',-(1))) VIRTUAL COMMENT 'computed; see `email`',
  `birth_year` year DEFAULT NULL,
  `tier` enum('bronze','silver','gold, "vip"','l''élite; or not') NOT NULL DEFAULT 'bronze',
  `preferences` json DEFAULT (json_object()),
  `shop_point` point /*!80003 SRID 4326 */ DEFAULT NULL,
  `points` decimal(12,2) unsigned NOT NULL DEFAULT '0.00',
  `vector` vector(16) DEFAULT NULL,
  `secret_note` text /*!80023 INVISIBLE */,
  `referrer_id` bigint unsigned DEFAULT NULL,
  `home_shop` int NOT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `key` char(2) DEFAULT NULL,
  PRIMARY KEY (`member_id`),
  UNIQUE KEY `uq_public` (`public_id`),
  UNIQUE KEY `uq_name_year` (`last_name`,`birth_year`),
  KEY `ix_email_lower` ((lower(`email`))),
  KEY `ix_tier` (`tier` DESC,`points`) /*!80000 INVISIBLE */,
  KEY `ix_prefix` (`email`(20)) USING BTREE COMMENT 'first twenty; enough',
  FULLTEXT KEY `ft_note` (`secret_note`) /*!50100 WITH PARSER `ngram` */ ,
  CONSTRAINT `fk_referrer` FOREIGN KEY (`referrer_id`) REFERENCES `member` (`member_id`) ON DELETE SET NULL ON UPDATE CASCADE,
  CONSTRAINT `fk_shop` FOREIGN KEY (`home_shop`, `key`) REFERENCES `shop` (`shop_id`, `country`),
  CONSTRAINT `ck_points` CHECK ((`points` >= 0)),
  CONSTRAINT `ck_email` CHECK (regexp_like(`email`,_utf8mb4'^[^;@]+@[^;@]+$')) /*!80016 NOT ENFORCED */
) ENGINE=InnoDB AUTO_INCREMENT=4711 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci ROW_FORMAT=DYNAMIC COMMENT='People of the loyalty scheme; "members"';
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Dumping data for table `member`
--

LOCK TABLES `member` WRITE;
/*!40000 ALTER TABLE `member` DISABLE KEYS */;
INSERT INTO `member` (`member_id`, `email`) VALUES (1,'a;b@example.com'),(2,'\'); CREATE TABLE `injected` (`x` int); -- ');
/*!40000 ALTER TABLE `member` ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`%`*/ /*!50003 TRIGGER `member_lower` BEFORE INSERT ON `member` FOR EACH ROW begin
  -- a comment; with a semicolon
  set new.email = lower(new.email);
  insert into visit (member_id) values (new.member_id);
end */;;
DELIMITER ;

--
-- Table structure for table `shop`
--

CREATE TABLE `shop` (
  `shop_id` int NOT NULL,
  `country` char(2) NOT NULL,
  `name` varchar(60) DEFAULT NULL,
  PRIMARY KEY (`shop_id`,`country`)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

--
-- Table structure for table `visit`
--

CREATE TABLE `visit` (
  `member_id` bigint unsigned NOT NULL,
  `visited_on` date NOT NULL,
  `minutes` smallint unsigned DEFAULT NULL,
  `seen` bit(1) NOT NULL DEFAULT b'0',
  `active` tinyint(1) NOT NULL DEFAULT '1',
  `ratio` double DEFAULT NULL,
  `picture` mediumblob,
  PRIMARY KEY (`member_id`,`visited_on`),
  KEY `visited` (`visited_on`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci
/*!50500 PARTITION BY RANGE  COLUMNS(visited_on)
(PARTITION p2024 VALUES LESS THAN ('2025-01-01') ENGINE = InnoDB,
 PARTITION p2025 VALUES LESS THAN ('2026-01-01') COMMENT = 'last; year' ENGINE = InnoDB,
 PARTITION pmax VALUES LESS THAN (MAXVALUE) ENGINE = InnoDB) */;

CREATE TABLE `visit_by_shop` (
  `shop_id` int NOT NULL,
  `visit_id` bigint NOT NULL
) ENGINE=InnoDB
/*!50100 PARTITION BY LIST (`shop_id`)
SUBPARTITION BY HASH (`visit_id`)
SUBPARTITIONS 2
(PARTITION p_fr VALUES IN (1,2,3) ENGINE = InnoDB,
 PARTITION p_be VALUES IN (4,5) ENGINE = InnoDB) */;

--
-- Temporary view structure for view `active_member`
--

DROP TABLE IF EXISTS `active_member`;
/*!50001 DROP VIEW IF EXISTS `active_member`*/;
SET @saved_cs_client     = @@character_set_client;
/*!50503 SET character_set_client = utf8mb4 */;
/*!50001 CREATE VIEW `active_member` AS SELECT 
 1 AS `member_id`,
 1 AS `email`*/;
SET character_set_client = @saved_cs_client;

-- An older mysqldump writes a table in the place of a view.
/*!50001 CREATE TABLE `old_view` (
  `member_id` bigint,
  `email` varchar(320)
) ENGINE=MyISAM */;

--
-- Dumping events for database 'loyalty'
--
/*!50106 SET @save_time_zone= @@TIME_ZONE */ ;
/*!50106 DROP EVENT IF EXISTS `purge` */;
DELIMITER ;;
/*!50106 CREATE*/ /*!50117 DEFINER=`root`@`%`*/ /*!50106 EVENT `purge` ON SCHEDULE EVERY 1 DAY STARTS '2024-01-01 00:00:00' ON COMPLETION NOT PRESERVE ENABLE DO delete from visit where visited_on < curdate() - interval 3 year */ ;;
DELIMITER ;

--
-- Dumping routines for database 'loyalty'
--
DELIMITER ;;
CREATE DEFINER=`root`@`%` PROCEDURE `recount`(in p_member bigint)
    MODIFIES SQL DATA
begin
  create temporary table t_recount (id int);
  create table if not exists recount_log (id int, at datetime);
end ;;
DELIMITER ;

--
-- Final view structure for view `active_member`
--

/*!50001 DROP VIEW IF EXISTS `active_member`*/;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`root`@`%` SQL SECURITY DEFINER */
/*!50001 VIEW `active_member` AS select `member`.`member_id` AS `member_id`,`member`.`email` AS `email` from `member` where (`member`.`tier` <> 'bronze; or none') */;
SET @@SESSION.SQL_LOG_BIN = @MYSQLDUMP_TEMP_LOG_BIN;
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;

-- Dump completed on 2026-11-24 10:00:00
