// Which files an answer rests on, and which of their pages: told by what its tools have read. Pure.

const READ = new Set(["read_file", "search_files"]);
/** As the tools name what they quote; a line that is quoted begins otherwise. */
const CITED = /^(?!> )(.+) \(file_id (file_[0-9a-z]+)\), (.+):$/gm;
const PLACE = /^(?:sheet (.*), )?(?:page|slide|row|line|paragraph)s? (\d+)(?:-\d+)?$/;

/** `[{ id, name, places: [{ where, address }] }]`: those that the answer names or, where it names none, all that were read. */
export function sourcesOf(blocks) {
  const read = new Map();
  for (const { kind, name, output } of blocks) {
    if (kind === "tool" && output && READ.has(name)) note(read, output);
  }
  const said = blocks.map((block) => (block.kind === "text" ? block.text : "")).join("\n").toLowerCase();
  const named = [...read.values()].filter(({ name }) => said.includes(name.toLowerCase()));
  return (named.length ? named : [...read.values()]).map((file) => ({ ...file, places: meant(file.places, said) }));
}

function note(read, output) {
  for (const [, name, id, where] of output.matchAll(CITED)) {
    if (!read.has(id)) read.set(id, { id, name, places: [] });
    const { places } = read.get(id);
    if (!places.some((place) => place.where === where)) places.push({ where, address: addressOfPlace(id, where) });
  }
}

/** Of places that are named in the answer the others are no part. */
function meant(places, said) {
  const named = places.filter(({ where }) => new RegExp(`${escaped(where.toLowerCase())}(?!\\d)`).test(said));
  return named.length ? named : places;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

export const addressOf = (id) => `#/files/${encodeURIComponent(id)}`;

/** Where a place in a file is opened: `page 3`, `lines 10-24`, `sheet Budget, rows 1-40`. */
export function addressOfPlace(id, where) {
  const [, sheet, first] = PLACE.exec(where) ?? [];
  const place = new URLSearchParams({ ...(first && { first }), ...(sheet && { sheet }) });
  return `${addressOf(id)}${place.size ? `?${place}` : ""}`;
}
