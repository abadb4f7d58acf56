/** Names, literals, arithmetic and comparison: one expression of a line. */
export const OPERATOR_CASES = `
i * iu
i * i
i * ti > 100
i * i = 49
100 < i * i
i * i <=> 9
i * i <> 49
i * i >= 4611686018427387904
i * i + 1
i * i in (49, 4611686014132420609)
if(i * i > 40, 'a', 'b')
i * i between 1 and 100
su * i * -1
nullif(i * i, 49)
i * i = bi
i * i % 7
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
`
