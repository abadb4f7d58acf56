/**
 * Expressions over the sample table whose values, in every row, must be those that SELECT shows. One of a line.
 */
const CASES: Readonly<Record<string, string>> = {
  names: `
ti
su
i
iu
bi
bu
n
m
w
f
s
b
v
d
dt
ds
t
ts
y
q
j
\`i\`
(((i)))
`,
  literals: `
null
true
false
1
-1
007
2147483648
9007199254740993
9223372036854775807
-9223372036854775808
18446744073709551615
99999999999999999999
1.50
.5
5.
-0.0
1e3
1.5e-3
-2E2
'it''s'
"double ""quoted"""
'tab\\tnewline\\n\\\\ backslash'
'100\\%'
''
'é😀'
date '2021-12-21'
date '20211221'
timestamp '2021-12-21 10:00:00'
timestamp '2021-12-21 10:00:00.5'
time '10:11:12'
time '-100:00:00.123'
hex(x'4D7953')
hex(0x4D7)
`,
  arithmetic: `
i + 1
i - 1
i * 2
i / 2
i div 2
i % 3
i mod 3
mod(i, -3)
-i
- - i
+i
ti + su
ti * su
su - 5
iu - 1
iu + 1
iu * iu
bi + 0
bi + 1
bi - 1
bi * 2
bi * -1
-bi
bu + 0
bu - 1
bu + 1
bu * 2
-bu
bu - bi
bu + bi
i + bu
i * bu
bi div 7
bi % 7
bu div 3
bu % 10
bi div -1
-7 div 2
-7 % 2
7 % -2
i div 0
i / 0
i % 0
n + 1
n - 0.01
n * 3
n * n
n * 1.005
n / 3
n / 7
n div 3
n % 3
n % 0.7
-n
n / 0
m + n
m - n
m * n
m / n
n / m
m % 7
w + 1
w * w
w / 7
w div 10
1 / 3
2 / 3
-2 / 3
10 / 4
22 / 7
1.00000 / 3
2.00000 / 3
2.000000000 / 3
0.00001 / 3.1
1 / 3 * 3
(1 / 3) + (1 / 6)
100 * n / 7
n / 3 / 3
0.1 + 0.2
0.1e0 + 0.2
f + 1
f - 0.1
f * 2
f / 3
f % 2
-f
f / 0
f + i
f + n
f * bi
1e308 * 10
y + 1
y - 2000
q + 1
q * 2
s + 1
r + 0
b + 0
g * 2
'3' + '4'
'3.5' * 2
'1e2' + 0
'0x10' + 0
'.5' + 0
'-' + 0
' 12' + 0
'abc' * 1
'12abc' + 0
d + 0
dt + 0
ds + 0
t + 0
ts + 0
i + null
null / 2
9223372036854775807 + 0
9223372036854775807 + 1
18446744073709551615 + 0
18446744073709551615 - 1
i * 4294967296 * 4294967296
2147483647 + 1
true + true
(i > 0) + (n > 0)
`,
  comparison: `
i = 5
i <> 5
i != 5
i < 5
i <= 5
i > 5
i >= 5
i = null
i <=> null
i <=> 5
null <=> null
null = null
i = ti
i < su
i = bi
bi = 3
bi > 9007199254740992
bu > 9223372036854775807
bu > bi
bi = bu
bu = 18446744073709551615
i = 5.0
i < 0.5
n = 12.34
n = 12.340
n > 0.05
n >= '12.34'
n = '0.05'
n = m
m = 0.3333333333
w = 7
w = i
f = 0.1
f = 2.5
f = 1
f > n
n = 0.1e0
i = '5'
i = '5.0'
i = '5abc'
i > 'abc'
bi = '9223372036854775807'
bu = '18446744073709551615'
f = '2.5'
s = 'abc'
s = 'ABC'
s <> 'abc'
s < 'b'
s > r
s = r
s <=> r
s = 'trailing'
s = 'trailing  '
r = 'trailing  '
s = 'apfel'
s = 'äpfel'
s > 'Z'
s >= 'a,b'
b = 'abc'
b = 'ABC'
b < 'a'
b = 'trailing'
b = 'trailing  '
g = 'ABC'
g = 'trailing'
g = 'E'
g > 'd'
g = 'apfel'
s = b
'a' = 'A'
'a' = 'a '
'a' < 'B'
'ä' = 'a'
'ß' = 'ss'
s = 12
s = 12.5
s > 0
r = 7
v = x'616263'
v > x'20'
v = v
d = '2021-12-21'
d = '2021-12-21 00:00:00'
d < '2021-12-21 10:00:00'
d >= '20211221'
d > '21-1-1'
d = date '2020-02-29'
d = dt
d <= dt
dt = '2021-12-21'
dt >= '2021-12-21 00:00:00'
dt < '2021-12-31T23:59:59'
dt = '2020-02-29 23:59:59.0'
dt = '2020-02-29 23:59:59.5'
dt = ds
dt < ds
ds = '2020-02-29 23:59:59.5'
ds > '2021-12-31 23:59:59.99'
dt > timestamp '2021-01-01 00:00:00'
t = '12:34:56'
t > '10:00'
t < '100:00:00'
t = ts
ts >= '12:34:56.789'
ts = time '10:00:00.1'
y = 2021
y > 1999
y > 0
y >= 2020 + 1
y = '2021'
q = 5
q > 1
1 < 2 = 1
3 > 2 > 1
i = 5 = true
(i = 5) = (n = 12.34)
`,
  logic: `
i > 0 and n > 0
i > 0 or n > 0
i > 0 xor n > 0
not i > 0
not i
not not i
not n
not s
i and n
i or null
i and null
0 and null
1 or null
null and null
null xor 1
i = 5 or i = 7 and n > 0
(i = 5 or i = 7) and n > 0
not i = 5 and n > 0
not (i = 5 and n > 0)
i is null
i is not null
null is null
(i + n) is null
i is true
i is not true
i is false
i is not false
i is unknown
i is not unknown
s is true
n is true
f is true
(i > 0) is true
(i > 0 and n > 0) is not true
not i is null
isnull(i)
isnull(i + 1)
i between 0 and 10
i not between 0 and 10
i between 10 and 0
i between null and 10
i between 5 and null
n between 0 and 100
n between '0.05' and '12.34'
s between 'a' and 'd'
d between '2020-01-01' and '2021-12-31'
dt between '2021-01-01' and '2021-12-31'
i + 1 between 5 and 8
i between ti and bi
i in (5, 7)
i not in (5, 7)
i in (5, null)
i not in (5, null)
i in (null)
null in (1, 2)
i in (1, 2, 3, 4, 5, 6, 7)
i in (5, 7.5, '30')
bi in (1, 2, 3, 4, 5)
n in (12.34, 0.05)
n in (0, 1, 2, 2.5)
s in ('abc', 'draft')
s in ('ABC', 'DRAFT', 'x', 'y', 'z')
b in ('abc', 'draft', 'x', 'y')
b not in ('abc', 'draft', 'x', 'y', null)
d in ('2021-12-21', '2020-02-29')
i in (ti, su, 7)
i + 1 in (6, 8)
1 in (1)
if(j, 1, 0)
y and 1
d and 1
s and 1
v and 1
v or 0
`,
  patterns: `
s like 'a%'
s like 'A%'
s like '%L%'
s like '_bc'
s like 'abc'
s like '%'
s like ''
s like '%  '
s like 'trailing'
s not like 'a%'
s like null
s like r
s like 'ä%'
s like '😀%'
s like '_ smile'
r like '\\%%'
r like '%\\_%'
r like '!%%' escape '!'
r like '%!_x' escape '!'
b like 'a%'
b like 'A%'
b like 'a_c'
b like 'a\\_c'
g like 'D%'
g like '%E%'
n like '%.3%'
i like '-%'
d like '2021-%'
dt like '%:59'
s like '%a%b%c%'
s like '.*'
s like '%(%'
'a\\nb' like 'a_b'
'50%' like '50\\%'
s regexp 'a'
s regexp '^A'
s regexp 'c$'
s regexp '^[a-c,]+$'
s not regexp '[0-9]'
s rlike 'l+'
b regexp '^abc$'
b regexp '^ABC$'
b regexp 'A'
s regexp '\\\\d+\\\\.\\\\d'
s regexp '(ab|dr)'
s regexp '^.{5}$'
s regexp 'sm.le'
s regexp '😀'
r regexp '\\\\.|%'
i regexp '^-?[0-9]{1,2}$'
d regexp '-12-'
s regexp '^(?:a|d)'
'a.c' regexp 'a\\\\.c'
`,
  choices: `
if(i > 0, 'positive', 'other')
if(i, n, f)
if(i > 0, i, n)
if(i > 0, ti, null)
if(null, 1, 2)
if(i > 0, 1.5, 2.25)
if(i > 0, d, dt)
if(i > 0, d, 'none')
if(i > 0, n, 'none')
if(i > 0, bi, bu)
if(i > 0, i, iu)
if(i > 0, y, 0)
if(s = 'abc', s, r)
ifnull(i, 0)
ifnull(i, 'none')
ifnull(n, 0)
ifnull(n, i)
ifnull(s, '')
ifnull(null, null)
ifnull(d, '2000-01-01')
coalesce(i, n, 0)
coalesce(null, s, 'x')
coalesce(null, null)
coalesce(i)
coalesce(f, 0)
coalesce(dt, ds)
coalesce(d, dt)
nullif(i, 5)
nullif(s, 'ABC')
nullif(n, 0)
nullif(i, null)
nullif(null, 1)
nullif(s, '')
nullif(d, '2021-12-21')
case when i > 0 then 'a' when i < 0 then 'b' else 'c' end
case when i > 0 then 'a' end
case i when 5 then 'five' when 7 then 'seven' else 'more' end
case s when 'ABC' then 1 when 'DRAFT' then 2 end
case null when null then 1 else 2 end
case when n > 10 then n else i end
case when i is null then 0 else i end
case i + 1 when 6 then n when 8 then m else w end
case when s like 'a%' then upper(s) else s end
case d when '2021-12-21' then 'x' else 'y' end
case when 0 then 1 else null end
greatest(i, ti)
greatest(i, n, m)
greatest(i, bi, bu)
greatest(n, f)
greatest(s, r)
greatest('a', 'B', 'c')
greatest(b, 'b')
greatest(d, date '2021-01-01')
greatest(dt, timestamp '2021-01-01 00:00:00')
least(i, ti)
least(i, 10)
least(n, 1.5, i)
least(s, r, 'm')
least(i, null)
least(d, date '2021-01-01')
`,
  numbers: `
abs(i)
abs(n)
abs(f)
abs(bi)
abs(bu)
abs(s)
ceil(n)
ceiling(m)
ceil(i)
ceil(f)
ceil(-0.5)
ceil(w)
floor(n)
floor(m)
floor(f)
floor(-0.5)
floor(bu)
round(n)
round(n, 1)
round(n, 5)
round(n, -1)
round(n, -2)
round(m, 4)
round(m)
round(i)
round(i, -1)
round(i, 2)
round(bi, -3)
round(bu, -1)
round(f)
round(f, 1)
round(2.5)
round(-2.5)
round(2.5e0)
round(3.5e0)
round(-2.5e0)
round(1.005, 2)
round(s)
truncate(n, 1)
truncate(n, 0)
truncate(n, -1)
truncate(m, 3)
truncate(f, 1)
truncate(i, -1)
truncate(-1.999, 1)
sign(i)
sign(n)
sign(f)
sign(bi)
mod(n, 3)
mod(i, 7)
pow(2, 10)
power(i, 2)
pow(n, 2)
sqrt(i)
sqrt(2)
sqrt(-1)
pow(10, 400)
crc32(s)
crc32('')
crc32(v)
`,
  texts: `
concat(s, r)
concat(s, ' ', r)
concat(i, '-', n)
concat(bi, bu)
concat(n, m)
concat(f)
concat(d, ' ', t)
concat(dt)
concat(ds)
concat(ts)
concat(y)
concat(true)
concat(null, 'a')
concat(1.50, 1e3, 1)
concat(j)
concat(i > 0)
concat(1/3)
concat_ws('-', s, r, b)
concat_ws(',', i, n, d)
concat_ws(null, s)
concat_ws('', s, null, r)
substring(s, 2)
substring(s, 2, 2)
substring(s, -3)
substring(s, -3, 2)
substring(s, 0)
substring(s, 1, 0)
substring(s, 1, -1)
substring(s, 100)
substring(s from 2)
substring(s from 2 for 3)
substr(s, 1, 1)
mid(s, 2, 1)
substring(n, 1, 3)
substring(d, 1, 4)
substring(s, i)
substring(s, 2.5)
left(s, 2)
left(s, 0)
left(s, -1)
left(n, 2)
right(s, 2)
right(s, 0)
right(s, 100)
substring_index(s, ',', 1)
substring_index(s, ',', 2)
substring_index(s, ',', -1)
substring_index(s, ',', -2)
substring_index(s, ',', 0)
substring_index(s, 'x', 1)
substring_index('www.example.org', '.', -2)
upper(s)
ucase(g)
upper('straße')
upper('éàç')
upper(n)
lower(s)
lcase(r)
lower('ÄÖÜ İ Σ')
trim(s)
trim('  x  ')
trim(both 'a' from s)
trim(leading 'a' from s)
trim(trailing 'c' from s)
trim(trailing from s)
trim('ab' from 'ababxab')
trim('' from s)
ltrim('  x  ')
rtrim(s)
rtrim(g)
replace(s, 'b', 'XX')
replace(s, 'B', 'x')
replace(s, '', 'x')
replace(s, ',', '$&')
replace(s, 'smile', '')
replace(n, '.', ',')
lpad(s, 10, '*')
lpad(s, 2, '*')
lpad(i, 5, '0')
lpad(s, 5, '')
lpad(s, -1, 'x')
lpad(s, 10, 'ab')
rpad(s, 10, '-+')
rpad(s, 0, 'x')
rpad(s, 8, '😀')
repeat(s, 2)
repeat(s, 0)
repeat('ab', 3)
repeat(s, -1)
reverse(s)
reverse(i)
char_length(s)
char_length(n)
character_length('é😀')
length(s)
length(v)
length('é😀')
length(n)
octet_length(s)
locate('b', s)
locate('B', s)
locate('b', b)
locate('A', b)
locate('', s)
locate('c', s, 2)
locate('a', s, 0)
locate('a', s, 100)
locate('l', s, 3)
locate('ä', s)
locate('😀', s)
position('c' in s)
instr(s, 'B')
instr(s, 'mil')
instr(n, '.')
sha2(s, 256)
sha2(s, 224)
sha2(s, 384)
sha2(s, 512)
sha2(s, 0)
hex(s)
hex(i)
hex(v)
hex(bu)
hex(255)
hex('é')
concat(upper(s), '!') = 'ABC!'
length(s) > 3
upper(s) = s
concat(s, '') like 'A%'
`,
  dates: `
date(dt)
date(ds)
date(d)
date('2021-12-21 10:00:00')
date('nonsense')
date(s)
time(dt)
time(ds)
year(d)
year(dt)
year('2021-12-21')
year(s)
quarter(d)
month(dt)
week(d)
week(d, 0)
week(d, 1)
week(d, 2)
week(d, 3)
week(d, 4)
week(d, 5)
week(d, 6)
week(d, 7)
weekofyear(dt)
yearweek(d)
yearweek(d, 1)
yearweek(d, 3)
day(d)
dayofmonth(ds)
dayofweek(d)
weekday(d)
dayofyear(dt)
dayname(d)
monthname(dt)
hour(dt)
hour(t)
hour(ts)
hour(d)
minute(dt)
minute(t)
second(ds)
second(ts)
microsecond(ds)
microsecond(ts)
microsecond(dt)
extract(year from d)
extract(month from dt)
extract(day from ds)
extract(hour from t)
extract(minute from ts)
extract(second from t)
extract(microsecond from ts)
date_add(d, interval '2' day)
date_add(d, interval 1.5 day)
date_add(d, interval n day)
extract(minute from dt)
extract(second from ds)
extract(microsecond from ds)
extract(quarter from d)
extract(week from d)
to_days(d)
to_days(dt)
datediff(d, '2021-12-21')
datediff(dt, d)
datediff(d, ds)
timestampdiff(year, d, '2021-12-21')
timestampdiff(quarter, d, '2021-12-21')
timestampdiff(month, d, '2021-12-21')
timestampdiff(month, dt, ds)
timestampdiff(week, d, '2021-12-21')
timestampdiff(day, dt, ds)
timestampdiff(hour, dt, ds)
timestampdiff(minute, dt, ds)
timestampdiff(second, dt, ds)
timestampdiff(microsecond, dt, ds)
timestampdiff(second, ds, '2021-12-21 10:00:00.25')
timestampdiff(day, '2021-12-21', d)
date_add(d, interval 1 day)
date_add(d, interval 1 month)
date_add(d, interval -1 month)
date_add(d, interval 1 year)
date_add(d, interval 1 quarter)
date_add(d, interval 2 week)
date_add(d, interval 1 hour)
date_add(dt, interval 1 second)
date_add(dt, interval 90 minute)
date_add(dt, interval 1 microsecond)
date_add(ds, interval 1 microsecond)
date_add(ds, interval 1 month)
date_add(dt, interval i day)
date_add(d, interval ti month)
adddate(d, interval 1 day)
date_sub(d, interval 1 day)
date_sub(d, interval 1 month)
date_sub(dt, interval 1 hour)
subdate(dt, interval 1 week)
d + interval 1 day
d - interval 1 month
dt + interval 36 hour
d + interval (i + 1) day
d + interval 1 day + interval 1 month
last_day(d)
last_day(dt)
last_day('2021-02-01')
date_format(d, '%Y-%m-%d')
date_format(dt, '%y/%c/%e %k:%i:%s')
date_format(ds, '%H:%i:%S.%f')
date_format(dt, '%h:%i %p')
date_format(dt, '%r | %T')
date_format(d, '%W %a %w')
date_format(d, '%M %b')
date_format(d, '%D')
date_format(d, '%j')
date_format(d, '%U %u %V %v %X %x')
date_format(dt, '%l %I %q %%')
date_format(d, 'plain')
date_format(dt, '%x-W%v')
time_to_sec(t)
time_to_sec(ts)
date(dt) = '2021-12-21'
year(dt) * 100 + month(dt)
concat(year(d), '-', quarter(d))
`,
  casts: `
cast(i as char)
cast(n as char)
cast(f as char)
cast(s as char(2))
cast(d as char)
cast(dt as char(10))
cast(ds as char)
cast(i as signed)
cast(n as signed)
cast(m as signed)
cast(f as signed)
cast(f as unsigned)
cast(-1.5e0 as unsigned)
cast(1e30 as unsigned)
cast(m as unsigned)
cast(ts as signed)
cast(ds as unsigned)
cast(ds as decimal(20,2))
round(ds)
if(v, 1, 0)
if(j -> '$.t', 1, 0)
if(j -> '$.n', 1, 0)
concat(cast(if(i > 0, n, i) as decimal(12,2)))
cast(s as signed)
cast('12.9' as signed)
cast('-12' as signed)
cast(' 5x' as signed)
cast('99999999999999999999' as signed)
cast(2.5 as signed)
cast(-2.5 as signed)
cast(2.5e0 as signed)
cast(bu as signed)
cast(bi as unsigned)
cast(i as unsigned)
cast(n as unsigned)
cast('-1' as unsigned)
cast('18446744073709551615' as unsigned)
cast(d as signed)
cast(dt as signed)
cast(ds as signed)
cast(t as signed)
cast(y as signed)
cast(q as unsigned)
cast(i as decimal(10,2))
cast(n as decimal(5,1))
cast(n as decimal(4,2))
cast(m as decimal(20,4))
cast(f as decimal(10,3))
cast(s as decimal(10,2))
cast('1e2' as decimal(10,2))
cast('12.345' as decimal(10,2))
cast('-0.005' as decimal(10,2))
cast(bi as decimal)
cast(1e20 as decimal(30,2))
cast(d as decimal(20,0))
cast(i as double)
cast(n as double)
cast('1.5e3x' as double)
cast(bi as double)
cast(s as date)
cast('2021-12-21' as date)
cast('2021-12-21 10:11:12' as date)
cast('21-2-3' as date)
cast('20211221' as date)
cast('2021-02-30' as date)
cast('2021-00-10' as date)
cast('0000-00-00' as date)
cast('' as date)
cast(dt as date)
cast('2021-12-21 10:11:12' as datetime)
cast('2021-12-21 10:11:12.987654' as datetime)
cast('2021-12-21 10:11:12.987654' as datetime(3))
cast('2021-12-31 23:59:59.9999999' as datetime(6))
cast('2021-12-21' as datetime)
cast('2021-12-21T10:11' as datetime)
cast('20211221101112' as datetime)
cast('10:11:12' as datetime)
cast(d as datetime)
cast(d as datetime(2))
cast(ds as datetime)
cast(ds as datetime(3))
cast(ds as date)
cast(dt as datetime(6))
cast('12:34:56' as time)
cast('12:34:56.789' as time(1))
cast('-100:00' as time)
cast('123456' as time)
cast(dt as time)
cast(ds as time(3))
cast(ts as time)
cast(ts as time(6))
cast(t as char)
cast(j as char)
cast(b as char) = 'ABC'
cast(g as char) = 'trailing'
`,
  json: `
j -> '$.a'
j ->> '$.a'
j -> '$.b'
j ->> '$.b'
j -> '$.b[1]'
j -> '$.b[2].c'
j ->> '$.b[2].c'
j -> '$.c.d[0]'
j ->> '$.s'
j -> '$.n'
j ->> '$.t'
j -> '$[0]'
j -> '$[1]'
j ->> '$[1]'
j -> '$'
j -> '$."a.b"'
j -> '$."x y"[0][1]'
j -> '$.missing'
json_extract(j, '$.a')
json_unquote(json_extract(j, '$.b'))
json_unquote(j)
j ->> '$.a' = '1'
(j ->> '$.a') + 0
cast(j ->> '$.a' as date)
ifnull(j ->> '$.a', 'none')
j -> '$.e'
j ->> '$.e'
concat(j -> '$.b', '!')
if(j -> '$.a', 1, 0)
`,
}

export const SELECT_CASES: readonly string[] = Object.values(CASES).flatMap(lines =>
  lines
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== ''),
)
