-- Has the vendor counted as many events as were loaded?
SELECT c.event_name AS event, c.event_date, c.count AS counted, l.loaded
FROM event_counts AS c
JOIN (SELECT event_name, event_date, count(*) AS loaded FROM ev_charged GROUP BY ALL
      UNION ALL
      SELECT event_name, event_date, count(*) FROM ev_order_placed GROUP BY ALL) AS l USING (event_name, event_date)
ORDER BY event, event_date
