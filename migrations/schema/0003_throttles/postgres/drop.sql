DROP TABLE ticketing_throttles;
