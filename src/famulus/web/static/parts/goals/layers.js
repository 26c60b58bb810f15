// Where the steps of a roadmap stand: in columns by what has to come before them, in rows so that few lines cross.
// Pure: steps and edges in, places out.

export const SIZE = { width: 208, height: 64, across: 72, down: 22, margin: 12 };

const SWEEPS = 4;

export function placed(steps, edges) {
  const before = new Map(steps.map(({ id }) => [id, []]));
  const after = new Map(steps.map(({ id }) => [id, []]));
  for (const { before_id: from, after_id: to } of edges) {
    if (!before.has(from) || !before.has(to)) continue;
    before.get(to).push(from);
    after.get(from).push(to);
  }
  const columns = ordered(columnsOf(steps, before), before, after);
  const tallest = Math.max(0, ...columns.map((column) => column.length));
  const places = new Map();
  columns.forEach((column, x) => {
    const offset = ((tallest - column.length) * (SIZE.height + SIZE.down)) / 2;
    column.forEach((id, y) => places.set(id, {
      x: SIZE.margin + x * (SIZE.width + SIZE.across),
      y: SIZE.margin + offset + y * (SIZE.height + SIZE.down),
    }));
  });
  return {
    places,
    width: columns.length * (SIZE.width + SIZE.across) - SIZE.across + 2 * SIZE.margin,
    height: tallest * (SIZE.height + SIZE.down) - SIZE.down + 2 * SIZE.margin,
    lines: edges.filter(({ before_id: from, after_id: to }) => places.has(from) && places.has(to))
      .map((edge) => ({ ...edge, path: curve(places.get(edge.before_id), places.get(edge.after_id)) })),
  };
}

/** A step stands one column behind the last of those that come before it. The server lets no circle in. */
function columnsOf(steps, before) {
  const depth = new Map();
  const depthOf = (id) => {
    if (!depth.has(id)) {
      depth.set(id, 0);
      depth.set(id, Math.max(-1, ...before.get(id).map(depthOf)) + 1);
    }
    return depth.get(id);
  };
  const columns = [];
  for (const { id } of steps) (columns[depthOf(id)] ??= []).push(id);
  return columns;
}

/** Sorts each column by where its neighbours stand on average, there and back. */
function ordered(columns, before, after) {
  let sorted = columns.map((column) => [...column]);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const neighbours = sweep % 2 ? after : before;
    const rows = new Map(sorted.flatMap((column) => column.map((id, row) => [id, row])));
    const mean = (id) => {
      const near = neighbours.get(id);
      return near.length ? near.reduce((sum, other) => sum + rows.get(other), 0) / near.length : rows.get(id);
    };
    sorted = sorted.map((column) => [...column].sort((one, other) => mean(one) - mean(other)));
  }
  return sorted;
}

function curve(from, to) {
  const [x1, y1] = [from.x + SIZE.width, from.y + SIZE.height / 2];
  const [x2, y2] = [to.x, to.y + SIZE.height / 2];
  const bend = Math.max(24, (x2 - x1) / 2);
  return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}
