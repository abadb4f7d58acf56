import type { TypeCase } from './type-cases.js'

/** Shapes of all seven types, for both servers. */
const SHAPES = [
  'POINT(1 2)',
  'POINT(-1.5 0.30000000000000004)',
  'POINT(1e300 1.7976931348623157e308)',
  'POINT(5e-324 -0.0000001)',
  'POINT(123456789012345680 1e15)',
  'LINESTRING(0 0,1.25 1,2 -2)',
  'POLYGON((0 0,10 0,10 10,0 10,0 0),(1 1,2 1,2 2,1 2,1 1))',
  'MULTIPOINT(1 1,2 2.5)',
  'MULTILINESTRING((0 0,1 1),(2 2,3 3,4 4))',
  'MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5),(5.5 5.1,5.6 5.1,5.6 5.2,5.5 5.1)))',
  'GEOMETRYCOLLECTION EMPTY',
  'GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1),MULTIPOINT(3 3,4 4),POLYGON((0 0,1 0,1 1,0 0)))',
]
const shape = (text: string, srid = 0) => `st_geomfromtext('${text}'${srid === 0 ? '' : `, ${srid}`})`

/** Geometry, by the axes as they are stored. */
export const SHAPE_CASES: readonly TypeCase[] = [
  ...[
    'geometry',
    'point',
    'linestring',
    'polygon',
    'multipoint',
    'multilinestring',
    'multipolygon',
    'geometrycollection',
  ].map(
    (ddl): TypeCase => ({
      ddl,
      values: SHAPES.filter(text => ddl === 'geometry' || text.toLowerCase().startsWith(`${ddl}(`)).map(text =>
        shape(text),
      ),
      as: 'geometry',
    }),
  ),
  {
    ddl: 'geometry',
    server: 'mysql',
    values: [
      shape('POINT(10 20)', 4326),
      shape('LINESTRING(10 20,-89.5 179.5)', 4326),
      shape('MULTIPOINT((1 2),(3 4))', 3857),
      shape('POINT(-0.0 0)'),
      shape('GEOMETRYCOLLECTION(POINT(1 2),GEOMETRYCOLLECTION(LINESTRING(3 4,5 6),GEOMETRYCOLLECTION EMPTY))', 4326),
    ],
    as: 'geometry',
  },
  {
    ddl: 'geometry',
    server: 'mariadb',
    values: [shape('POINT(10 20)', 4326), shape('LINESTRING(1 2,3 4)', 4294967295)],
    as: 'geometry',
  },
  { ddl: 'point srid 4326', server: 'mysql', values: [shape('POINT(1 2)', 4326)], as: 'geometry' },
]
