/** Makes of a function one whose calls in this process wait for each other, whether they end well or not. */
export function inTurn<Arguments extends unknown[], Value>(
  work: (...args: Arguments) => Promise<Value>,
): (...args: Arguments) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  return (...args) => {
    const mine = last.then(() => work(...args));
    last = mine.catch(() => {});
    return mine;
  };
}
