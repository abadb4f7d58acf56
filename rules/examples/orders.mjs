// One row for each item of an order. Items stand in a JSON column of the source:
//   [{ "sku": "A-1", "qty": 2, "price": "9.90" }, …]

/** @type {import('../../transform.js').Transform<{ items: string | null }>} */
export default function ({ row }) {
  const { items, ...order } = row
  return JSON.parse(items ?? '[]').map((item, i) => ({
    row: {
      ...order,
      line_no: i + 1,
      sku: item.sku,
      qty: item.qty,
      amount: inCents(BigInt(item.qty) * cents(item.price)),
    },
  }))
}

/** Prices are decimal text: numbers of JavaScript would round them. */
function cents(price) {
  const [whole, fraction = ''] = price.split('.')
  return BigInt(whole + fraction.padEnd(2, '0'))
}

function inCents(amount) {
  const digits = String(amount).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}
