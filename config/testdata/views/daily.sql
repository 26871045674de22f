-- one row a day
select event_date, count(*) as n
from orders
group by all;
