import { html, memo, useEffect, useLayoutEffect, useRef, useState } from "../app/lib.js";
import { isOver, saidIn } from "../app/fold.js";
import { Answer } from "./answer.js";
import { Said } from "./said.js";

/** What an average character and an average turn take, until the turn has been drawn once. */
const PIXELS_PER_CHARACTER = 0.45;
const LEAST_HEIGHT = 120;

/**
 * What a person said, and the answer. Only what is near what is seen is drawn: a conversation of thousands of turns
 * costs a few dozen.
 */
export const TurnView = memo(({ turn, chat, nearby, isLast }) => {
  const place = useRef(null);
  const [near, setNear] = useState(isLast);
  useEffect(() => nearby.watch(place.current, setNear), [turn]);
  const user = turn.user.value ?? storedUser(turn.run.value);
  const drawn = near || isLast || isAtWork(turn.run.value) || turn.delivery.value !== "kept";
  useLayoutEffect(() => () => void (drawn && (turn.height = place.current?.offsetHeight)), [drawn]);
  const height = drawn ? undefined : `${turn.height ?? expectedHeight(turn, user)}px`;
  return html`<li class="turn" id=${`turn-${turn.key}`} ref=${place} style=${{ height }}>
    ${drawn && user && html`<${Said} user=${user} turn=${turn} chat=${chat} />`}
    ${drawn && html`<${Answer} turn=${turn} chat=${chat} />`}
  </li>`;
});

const isAtWork = (view) => Boolean(view?.id) && !view.done && !isOver(view);

const storedUser = (view) => view?.user && { id: view.user.id, ...saidIn(view.user) };

function expectedHeight(turn, user) {
  const answered = (turn.run.peek()?.blocks ?? []).reduce((sum, block) => sum + (block.text?.length ?? 100), 0);
  return LEAST_HEIGHT + Math.round(((user?.text.length ?? 0) + answered) * PIXELS_PER_CHARACTER);
}
