// Events of one day side by side where they overlap. Pure.

/** Each event with the column it stands in, and how many columns its group has. */
export function inColumns(events) {
  const sorted = [...events].sort((one, other) => one.minutes - other.minutes || other.until - one.until);
  const placed = [];
  let group = [];
  let groupEnd = -1;
  const close = () => {
    const count = Math.max(0, ...group.map(({ column }) => column)) + 1;
    placed.push(...group.map((one) => ({ ...one, columns: count })));
    group = [];
  };
  for (const event of sorted) {
    if (event.minutes >= groupEnd) close();
    const ends = [];
    for (const { column, event: other } of group) ends[column] = Math.max(ends[column] ?? 0, other.until);
    const free = ends.findIndex((end) => end <= event.minutes);
    group.push({ event, column: free < 0 ? ends.length : free });
    groupEnd = Math.max(group.length === 1 ? 0 : groupEnd, event.until);
  }
  close();
  return placed;
}
