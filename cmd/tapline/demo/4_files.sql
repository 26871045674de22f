-- Do the files that were dropped agree with the API?
SELECT profile_platform AS platform, a.orders AS from_api, f.orders AS from_files, a.amount = f.amount AS same_amount
FROM (SELECT profile_platform, count(*) AS orders, round(sum(event_props_amount), 2) AS amount
      FROM ev_order_placed GROUP BY profile_platform) AS a
FULL JOIN (SELECT profile_platform, count(*) AS orders, round(sum(event_props_amount), 2) AS amount
      FROM export_order_placed GROUP BY profile_platform) AS f USING (profile_platform)
ORDER BY platform
