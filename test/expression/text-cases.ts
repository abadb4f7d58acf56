/** Texts and JSON: one expression of a line. */
export const TEXT_CASES = `
s collate utf8mb4_bin = 'ABC'
'abc' = r collate utf8mb4_bin
s collate utf8mb4_general_ci = r
s collate utf8mb4_bin in ('ABC', 'draft')
b collate utf8mb4_unicode_520_ci = 'abc'
g collate utf8mb4_bin = b
concat(s collate utf8mb4_bin, 'x') = 'ABCx'
s collate utf8mb4_bin like 'a%'
upper(s) collate utf8mb4_bin = 'ABC'
concat(s, g)
coalesce(s, g)
concat(s, r)
concat(s, ' ', r)
concat(i, '-', n)
concat(bi, bu)
concat(n, m)
concat(f)
concat(f / 3)
concat(0.12345678901234566e0)
concat(1.2345678901234567e-4)
concat(-1.2345678901234567e-4)
concat(-1.2345678901234567e-150)
concat(-1.2345678901234567e-15)
concat(1e-15)
concat(1e-16)
concat(1e14)
concat(1e15)
concat(123456789012345.6e0)
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
instr('ABC', b)
instr(s, b)
locate(s, b)
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
`
