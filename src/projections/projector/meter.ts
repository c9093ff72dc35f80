/** Events per second over the last five whole seconds. */
export interface Meter {
  add(events: number): void
  rate(): number
}

const seconds = 5

export const createMeter = (now: () => number = () => performance.now()): Meter => {
  const slots = new Array<number>(seconds + 1).fill(0)
  let current = Math.floor(now() / 1_000)

  const turn = () => {
    const second = Math.floor(now() / 1_000)
    for (let at = Math.max(current + 1, second - seconds); at <= second; at += 1) slots[at % slots.length] = 0
    current = second
  }

  return {
    add: (events) => {
      turn()
      const at = current % slots.length
      slots[at] = (slots[at] ?? 0) + events
    },
    rate: () => {
      turn()
      const total = slots.reduce((sum, count, index) => (index === current % slots.length ? sum : sum + count), 0)
      return total / seconds
    },
  }
}
