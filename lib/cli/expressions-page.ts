import { FUNCTION_GROUPS } from '../expression/function-table.js'
import { code, GENERATED, table } from './docs-pages.js'

const INTRO = `# Expressions

One language for \`where\`, \`computed\` and whatever else a rule computes: the expressions of MySQL, without subqueries. An
expression is parsed when the configuration is read, and what is wrong with it is shown with file, line and character; names and
types are judged as soon as the table is known. It is then compiled to one JavaScript function for the table: nothing is
interpreted from row to row, and columns that no expression names are not decoded.

    where    = "status <> 'draft' and pay_time >= '2021-12-21'"
    computed = { total = "price * qty", day = "date(created_at)", full = "concat(first, ' ', last)" }

**The rule for values**: an expression has the value that \`SELECT expression\` shows on MySQL 9.7 with its default \`sql_mode\`,
warnings or not: \`'12abc' + 1\` is 13, \`1 / 0\` is NULL. Where that SELECT ends with an error (BIGINT out of range above all), the
row fails. A part that does not decide the result may be left uncomputed: an error in it then does not show. What could not be
made exact is refused when the configuration or the table is read, and never approximated, but for the order of texts (below).`

const NAMES = `## Names

| form | meaning |
| --- | --- |
| \`price\`, \`\` \`order\` \`\` | a column of the row; between backticks when its name is a word of the language or has other characters |
| \`NEW.price\`, \`OLD.price\` | a column of the row after and before the change |
| \`$operation\`, \`$schema\`, \`$table\`, \`$bin_name\`, \`$bin_pos\`, \`$commit_time\` | facts of the change; SQL does not know them |

Numbers are written \`12\`, \`1.50\` (a decimal) or \`1e3\` (a double); texts \`'it''s'\` or \`"…"\`, with MySQL's backslash escapes; bytes
\`x'4D79'\` or \`0x4D79\`; also \`date '2021-12-21'\`, \`time '10:00:00'\`, \`timestamp '2021-12-21 10:00:00'\`, \`true\`, \`false\`, \`null\`.`

const OPERATORS = `## Operators

From those that bind least to those that bind most, as in MySQL:

| operators | remarks |
| --- | --- |
| \`or\` | three-valued: NULL is neither true nor false |
| \`xor\` | |
| \`and\` | |
| \`not\` | |
| \`is [not] true\`, \`is [not] false\`, \`is [not] unknown\`, \`is [not] null\` | never NULL |
| \`=\`, \`<=>\`, \`<>\`, \`!=\`, \`<\`, \`<=\`, \`>\`, \`>=\` | \`<=>\` takes NULL for equal to NULL |
| \`[not] between … and …\`, \`[not] in (…)\`, \`[not] like … [escape …]\`, \`[not] regexp …\` | \`regexp\` needs its pattern in the expression, and knows \`.\`, \`[ ]\`, \`( )\`, \`(?: )\`, \`\\|\`, \`^\`, \`$\`, \`* + ? {n,m}\`, \`\\d\`, \`\\D\` |
| \`+\`, \`-\` | also \`date + interval 1 day\` |
| \`*\`, \`/\`, \`div\`, \`%\`, \`mod\` | a zero on the right gives NULL |
| \`-x\` | |
| \`text collate name\` | by which collation the text is compared |

\`case [x] when … then … else … end\` and \`cast(x as …)\` (signed, unsigned, decimal(p,s), double, char, char(n), date, datetime,
datetime(f), time, time(f)) stand where a function can.

**Numbers.** Integers have 64 bits; + - * with an unsigned side are unsigned. Decimals are exact: + and - keep the longer scale, *
adds the scales, / adds four digits. A double makes all double. A text counts by the number it begins with, else 0.

**Dates** are compared with dates and with texts written in the expression (\`d >= '2021-12-21'\`).

**Texts** are compared by the collation of their column; a literal takes that of the other side, and \`utf8mb4_0900_ai_ci\` where
there is none. \`status collate utf8mb4_bin = 'paid'\` names another one, of the same character set. Exact are \`*_bin\`, the
\`general_ci\` of Unicode's character sets and those of \`latin1\` but \`latin1_german2_ci\`, and ASCII in all others. Beyond ASCII,
\`*_ai_ci\` compares base letters, \`*_as_ci\` accents too, \`*_as_cs\` case too, in Unicode's root order as the runtime's ICU has it:
equal to the servers for \`0900\` (MySQL), \`uca1400\` (MariaDB), \`unicode_ci\` and \`unicode_520_ci\` but for rare signs (typographic
quotes). Collations that pad (all but \`0900\` and \`nopad\`) take no account of spaces at the end. By any other collation, with the
order of a language above all (\`utf8mb4_de_pb_0900_ai_ci\`, \`gbk_chinese_ci\`), nothing is compared: the rule is refused, and says
what to write in place. So it is where the collation of a column is not known; texts that are not compared need none.

**MariaDB** 10.11 agrees with MySQL on nearly all of this. Where it does not, values are MySQL's: a quotient that is used further is
rounded to its digits first (\`1 / 3 * 3\` is 0.9999), casts round fractions of seconds and make large numbers of negative ones with
\`unsigned\`, \`round(x, 5)\` of a DECIMAL(10,2) has two digits, other texts count as dates (\`cast('2021--12-21' as date)\`), and doubles take
at most 22 characters in a text. \`test/expression/mariadb-differences.ts\` lists what the tests found.`

const LIMITS = `## What an expression cannot do

- Look at other rows or tables: no subqueries, no aggregate functions (measures have their own), no window functions.
- Know the time, chance or session: no \`now()\`, \`rand()\`, \`uuid()\`, \`user()\`, \`@variables\`; the same row always gives the same value.
- Depend on the session's time zone: no \`unix_timestamp\`, \`from_unixtime\`, \`convert_tz\`; a text with a zone offset fails as a date.
- Bit operators, \`||\`, \`&&\`, \`!\`, \`binary\`, \`convert(… using …)\`, comments.
- Compare dates with numbers, TIMEs with dates, or dates with texts that change from row to row: \`cast\` says what is meant.
- Use a BIT as a text: \`flags + 0\` is its number. Compare a YEAR with a number of two digits; compare texts of two collations neither of which is \`*_bin\`, without \`collate\`.
- Compare JSON, or look into JSON by paths with \`*\`, \`**\`, \`last\` or ranges; \`json_extract\` reads columns of type JSON only, so none
  of MariaDB, whose JSON is text. No JSON is built or changed.
- \`greatest\` and \`least\` of texts, but for \`*_bin\`; of dates mixed with texts.
- \`hour\`, \`minute\`, \`second\` of texts, \`cast(text as time)\` of columns, intervals of two units (\`day_hour\`) or fractions of seconds.
- Weeks of dates with a zero in month or day are NULL; whether a DATE of that kind equals a DATETIME is not certain.
- \`div\` of doubles; products of decimals with more than 30 digits behind the point.
- \`length\` and digests of columns in another character set than UTF-8, whose bytes are not those that are copied.
- \`round\` and \`truncate\` with digits from a column; \`week\` with a mode from one.
- Patterns of \`regexp\` from columns; \`\\w\`, \`\\s\`, \`\\b\`, \`[:classes:]\`, look-around, back references by name.
- \`format\`, \`str_to_date\`, \`soundex\`, \`regexp_replace\`, encryption, compression, spatial functions.

\`md5\` and \`sha1\` are in MySQL up to 9.5 and MariaDB; later MySQL has them as a component, so \`verify\` can compare such columns only
where the server knows the function.`

/** docs/expressions.md, with the functions as the compiler's own table has them. */
export function renderExpressionsPage(): string {
  const groups = Object.entries(FUNCTION_GROUPS).map(([name, rows]) => {
    const lines = rows.map(({ form, text, names }) => [code(form), text, names.slice(1).map(code).join(', ')])
    return `### ${name}\n\n${table(['function', 'gives', 'also called'], lines)}`
  })
  return `${[GENERATED, INTRO, NAMES, OPERATORS, '## Functions', ...groups, LIMITS].join('\n\n')}\n`
}
