-- Which products are looked at most, and at what price?
SELECT event_props_product_name AS product, count(*) AS views, round(avg(event_props_price), 2) AS average_price
FROM ev_product_viewed
GROUP BY product
ORDER BY views DESC
LIMIT 5
