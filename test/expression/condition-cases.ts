/** Logic, patterns, choices and the functions of numbers: one expression of a line. */
export const CONDITION_CASES = `
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
greatest(b, 'b')
least(b, 'b', 'Z')
r in (b, 'abc')
s between b and 'z'
case s when b then 1 when 'ABC' then 2 end
coalesce(nullif(i, 5), cast(null as decimal(10,2)))
cast(null as signed)
coalesce(nullif(5, i), n)
greatest(d, date '2021-01-01')
greatest(dt, timestamp '2021-01-01 00:00:00')
least(i, ti)
least(i, 10)
least(n, 1.5, i)
least(i, null)
least(d, date '2021-01-01')
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
`
