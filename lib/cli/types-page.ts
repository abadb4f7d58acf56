import type { SourceColumn } from '../model/schema.js'
import { MAX_STRING_BYTES, mapColumn, SOURCE_TYPES, typeNotes } from '../starrocks/type-map.js'
import { code, GENERATED, table } from './docs-pages.js'

const INTRO = `# Types

What each type of MySQL and MariaDB becomes in StarRocks: in tables that are created here, and as what is wanted of tables
that exist. Every value keeps its meaning; what has no place in its column stops the stream with table, column, key and the
size of the value named, and is never cut and never NULLed. Lengths of StarRocks count bytes; ${MAX_STRING_BYTES} is the most it has.`

const ZERO_DATES = `## Dates that do not exist

MySQL has dates that no calendar has: month 0 (\`0000-00-00\`, \`2024-00-00\`), day 0 (\`2024-05-00\`), days beyond the end of
their month (\`2023-02-31\`, with ALLOW_INVALID_DATES; also \`0000-02-29\`), and TIMESTAMP 0, which shows as
\`0000-00-00 00:00:00\`. StarRocks has none of them. \`zero_date\`, above all sections or in a rule, says what is written for
them into DATE and DATETIME columns:

| zero_date | writes | in a column that is NOT NULL | in a key column |
| --- | --- | --- | --- |
| \`"null"\` | NULL | stops | stops |
| \`"min"\` | \`0000-01-01\`, with the time \`00:00:00\` | as everywhere | \`0000-01-01\` for the wholly zero date; all others stop, and so does a real \`0000-01-01\`: two keys must not become one |
| \`"stop"\` | nothing: stops | stops | stops |

With \`"null"\`, created tables have DATE and DATETIME columns that may be NULL also where the source's are NOT NULL. A text
column keeps every date as MySQL prints it: \`cast = { day = "VARCHAR(10)" }\`.`

const NO_PLACE = `## Values without a place

Tables that exist may be narrower than their source: each start and \`check\` say so. Then the values are looked at, and the
first that does not fit stops the stream before it is sent (\`valueUnfit\`): text and bytes longer than the column, integers
and decimals beyond it, NULL where the column is NOT NULL, numbers other than 0 and 1 for a BOOLEAN. Columns that hold all
values of their source are not looked at and cost nothing.

StarRocks itself judges the rest, and refuses the row with column and value named (\`rowRejected\`): text that is bound for a
number, date or JSON column and does not read as one, JSON documents that are too large or bound for a text column that is
too short for them. With \`on_bad_row = "dead_letter"\` it judges all of them, so that each row it refuses is parked; dates for
which nothing can be written are sent as they are, and refused like that. Only a number that is no boolean still stops:
StarRocks would take it for true.`

const CAST = `## Other types

\`bit1 = "boolean"\` and \`tinyint1 = "boolean"\` in a rule make BIT(1) and TINYINT(1) columns BOOLEAN.

\`cast = { column = "TYPE" }\` in a rule gives columns, by source name, any type that StarRocks can read their text as. It is
checked when the table is met, at the start and by \`check\`; what cannot be is a \`ruleInvalid\` that names the rule's place.

| values | may become |
| --- | --- |
| integers, BIT, YEAR | BOOLEAN, integers, DECIMAL, FLOAT, DOUBLE, VARCHAR, CHAR, STRING |
| DECIMAL, FLOAT, DOUBLE | integers, DECIMAL, FLOAT, DOUBLE, VARCHAR, CHAR, STRING |
| DATE, DATETIME, TIMESTAMP | DATE, DATETIME, VARCHAR, CHAR, STRING |
| TIME | VARCHAR, CHAR, STRING |
| texts, ENUM, SET, UUID, INET4, INET6 | all of these, and VARBINARY and JSON |
| BINARY, VARBINARY, BLOBs | VARBINARY, VARCHAR, CHAR, STRING; as text when the bytes are UTF-8, as key in base64 |
| geometries, VECTOR | VARCHAR, CHAR, STRING; VARBINARY for the server's bytes |
| JSON | JSON, VARCHAR, CHAR, STRING; a text may have fewer blanks than MySQL's |

A type that changes values (fractions cut off or rounded, times of day cut off) is allowed, with a warning at every start,
but not in a key column. Nor is one there by which different values would become equal, as the texts \`1\` and \`01\` would as
numbers.`

/** docs/types.md, from the table of types. */
export function renderTypesPage(): string {
  const rows = SOURCE_TYPES.flatMap(typeRows)
  const head = ['source type', 'StarRocks type', 'as key', 'text of a value', 'remarks', 'option']
  return `${[GENERATED, INTRO, table(head, rows), ZERO_DATES, NO_PLACE, CAST].join('\n\n')}\n`
}

/** One row for each example of a type; what is said of all of them stands in the first. */
function typeRows(dataType: string): string[][] {
  const { text, remarks = '', options = [], examples = { '': {} } } = typeNotes(dataType)!
  return Object.entries(examples).map(([label, facts], i) => {
    const column = exampleColumn(dataType, facts)
    const name = label === '' ? dataType.toUpperCase() : label
    const words = i === 0 ? [text, remarks, options.map(code).join(', ')] : ['', '', '']
    return [name, typeCell(column, false), typeCell(column, true), ...words]
  })
}

function typeCell(column: SourceColumn, isKey: boolean): string {
  const mapped = mapColumn(column, isKey)
  return 'type' in mapped ? mapped.type.toUpperCase() : '(none)'
}

function exampleColumn(dataType: string, facts: Partial<SourceColumn>): SourceColumn {
  return {
    name: 'c',
    dataType,
    columnType: dataType,
    unsigned: false,
    nullable: true,
    charset: null,
    maxLength: null,
    precision: null,
    scale: null,
    fractionDigits: null,
    members: [],
    comment: '',
    ...facts,
  }
}
