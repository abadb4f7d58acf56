export const SHOP = 'shop'

export interface ShopTable {
  readonly name: string
  readonly key: readonly string[]
  /** The part of CREATE TABLE between the brackets. */
  readonly definition: string
}

/** The tables that are played with; `pulse` is the heartbeat that freshness is measured by. */
export const SHOP_TABLES: readonly ShopTable[] = [
  {
    name: 'customers',
    key: ['id'],
    definition: `id bigint not null primary key, name varchar(80) not null, email varchar(120) not null,
      balance decimal(14,2) not null, vip tinyint(1) not null, born date null, notes text null,
      created_at datetime(6) not null, updated_at timestamp(3) null`,
  },
  {
    name: 'orders',
    key: ['id'],
    definition: `id bigint not null primary key, customer_id bigint not null, total decimal(12,2) not null,
      status enum('new','paid','sent','returned') not null, placed_at datetime(6) not null, note varchar(200) null,
      key by_customer (customer_id)`,
  },
  {
    name: 'order_lines',
    key: ['order_id', 'line_no'],
    definition: `order_id bigint not null, line_no int not null, sku varchar(40) not null, quantity int unsigned not null,
      price decimal(10,4) not null, discount double null, primary key (order_id, line_no)`,
  },
  {
    name: 'payments',
    key: ['id'],
    definition: `id bigint unsigned not null primary key, order_id bigint not null, amount decimal(12,2) not null,
      method varchar(20) not null, reference varbinary(16) null, paid_at datetime(6) not null, key by_order (order_id)`,
  },
  { name: 'pulse', key: ['id'], definition: 'id int not null primary key, at_ms bigint not null' },
]

/** The statements that make the shop. */
export function shopStatements(): string[] {
  const tables = SHOP_TABLES.map(({ name, definition }) => `create table ${SHOP}.${name} (${definition})`)
  return [`create database ${SHOP} character set utf8mb4`, ...tables]
}
