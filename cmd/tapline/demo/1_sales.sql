-- How much was ordered each day?
SELECT event_date, count(*) AS orders, round(sum(event_props_amount)) AS amount
FROM ev_order_placed
GROUP BY event_date
ORDER BY event_date
