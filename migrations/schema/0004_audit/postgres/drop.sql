DROP TABLE ticketing_audit_events;
