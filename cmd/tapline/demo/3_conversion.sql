-- Of the signed-in people who opened the app, how many ordered, by platform?
SELECT l.profile_platform AS platform,
       count(DISTINCT l.profile_identity) AS people,
       count(DISTINCT o.profile_identity) AS buyers,
       round(100.0 * count(DISTINCT o.profile_identity) / count(DISTINCT l.profile_identity), 1) AS percent
FROM (SELECT DISTINCT profile_platform, profile_identity FROM ev_app_launched) AS l
LEFT JOIN (SELECT DISTINCT profile_identity FROM ev_order_placed) AS o USING (profile_identity)
GROUP BY platform
ORDER BY people DESC
