-- MySQL dump 10.13  Distrib 8.4.2, for Linux (x86_64)
--
-- Host: localhost    Database: 
-- ------------------------------------------------------

--
-- Current Database: `shop_fr`
--

CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop_fr` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;
USE `shop_fr`;
CREATE TABLE `orders` (
  `id` int NOT NULL,
  `total` decimal(9,2) DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;

--
-- Current Database: `shop_be`
--

USE `shop_be`;
CREATE TABLE `orders` (
  `id` int NOT NULL,
  `vat` char(12) DEFAULT NULL
) ENGINE=InnoDB;
ALTER TABLE `orders`
  ADD PRIMARY KEY (`id`),
  ADD COLUMN `placed_on` date DEFAULT NULL COMMENT 'added; later';

--
-- Current Database: `mysql`
--

USE `mysql`;
CREATE TABLE IF NOT EXISTS `general_log` (
  `event_time` timestamp(6) NOT NULL,
  `argument` mediumblob NOT NULL
) ENGINE=CSV DEFAULT CHARSET=utf8mb3 COMMENT='General log';
