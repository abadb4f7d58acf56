/**
 * The wide table: 40 columns of the kinds that real tables mix, and what a row of number `n` holds. Values differ from row to
 * row; every seventh or so is NULL where a column takes it. The SQL runs on MySQL and on MariaDB.
 */

type Column = readonly [name: string, type: string, value: string]

const text = (salt: number, length: string) => `left(repeat(sha2(n + ${salt}, 256), 4), ${length})`
const moment = (salt: number) => `'2020-01-01' + interval (n * ${salt}) % 100000000 second`

const COLUMNS: readonly Column[] = [
  ['id', 'bigint not null primary key', 'n'],
  ['i1', 'tinyint not null', 'n % 256 - 128'],
  ['i2', 'smallint not null', 'n * 31 % 65536 - 32768'],
  ['i3', 'mediumint', 'nullif(n * 37 % 8000000, 0)'],
  ['i4', 'int not null', 'n * 7919 % 2000000000'],
  ['i5', 'int unsigned not null', 'n * 104729 % 4000000000'],
  ['i6', 'bigint not null', '-n * 1000000007'],
  ['i7', 'bigint unsigned', 'if(n % 7 = 0, null, n * 1000000009)'],
  ['d1', 'decimal(10,2) not null', 'n % 10000000 / 100'],
  ['d2', 'decimal(18,4) not null', 'n / 7'],
  ['d3', 'decimal(30,10)', 'if(n % 11 = 0, null, n * 1234567 / 13)'],
  ['d4', 'decimal(5,0) not null', 'n % 99999'],
  ['d5', 'decimal(12,6) not null', '-(n % 900000) / 17'],
  ['d6', 'decimal(20,2)', 'n * 97 / 100'],
  ['f1', 'float not null', 'n % 100000 / 8'],
  ['f2', 'double not null', 'n / 16'],
  ['f3', 'double', 'sqrt(n)'],
  ['t1', 'date not null', `date(${moment(3)})`],
  ['t2', 'datetime not null', moment(5)],
  ['t3', 'datetime(3) not null', `${moment(7)} + interval n % 1000 * 1000 microsecond`],
  ['t4', 'datetime(6)', `if(n % 13 = 0, null, ${moment(11)} + interval n % 1000000 microsecond)`],
  ['t5', 'timestamp not null default current_timestamp', moment(13)],
  ['t6', 'timestamp(6) null', `${moment(17)} + interval n % 999983 microsecond`],
  ['t7', 'time not null', 'sec_to_time(n % 86400)'],
  ['t8', 'year not null', '1990 + n % 60'],
  ['s1', 'char(10) not null', text(1, '10')],
  ['s2', 'char(36) not null', text(2, '36')],
  ['s3', 'varchar(20) not null', text(3, 'n % 21')],
  ['s4', 'varchar(50) not null', text(4, '20 + n % 31')],
  ['s5', 'varchar(100)', `if(n % 5 = 0, null, ${text(5, 'n % 101')})`],
  ['s6', 'varchar(200) not null', `concat('żółć ', ${text(6, 'n % 120')})`],
  ['s7', 'varchar(255) not null', text(7, '40')],
  ['s8', 'varchar(500)', `concat(${text(8, '60')}, '北京')`],
  ['x1', 'text', text(9, '100 + n % 100')],
  ['e1', "enum('new','paid','sent','back') not null", '1 + n % 4'],
  ['e2', "set('a','b','c','d')", 'n % 16'],
  ['b1', 'bit(8) not null', 'n % 256'],
  ['b2', 'varbinary(32) not null', 'unhex(left(sha2(n, 256), 32))'],
  ['j1', 'json', `json_object('n', n, 'name', left(sha2(n, 256), 12), 'list', json_array(n % 10, n % 100, true))`],
  ['z1', 'varchar(10)', 'null'],
]

export const WIDE_COLUMNS = COLUMNS.map(([name, type]) => `${name} ${type}`).join(', ')
export const WIDE_VALUES = COLUMNS.map(([, , value]) => value).join(', ')
export const WIDE_WIDTH = COLUMNS.length
