// The page that is a conversation.
import { html, useEffect, useState } from "../app/lib.js";
import { Conversation } from "./conversation.js";
import { ConnectHint, Header } from "./header.js";

export function Chat({ chat, onMenu }) {
  return html`<${Header} chat=${chat} onMenu=${onMenu} />
    <${Conversation} key=${chat} chat=${chat} />
    <${Announcer} chat=${chat} />
    <${ConnectHint} />`;
}

const SPOKEN = 600;

/** Tells a screen reader when an answer begins, and reads it once it is there. */
function Announcer({ chat }) {
  const [words, say] = useState("");
  const working = chat.atWork.value[0] ?? null;
  useEffect(() => {
    if (!working) return undefined;
    say("Famulus is answering.");
    return () => say(spoken(working.run.peek()));
  }, [working]);
  return html`<p class="off-screen" role="status" aria-live="polite">${words}</p>`;
}

function spoken(view) {
  if (view.status === "cancelled") return "Stopped.";
  const text = view.blocks.findLast((block) => block.kind === "text")?.text ?? "";
  return text.length > SPOKEN ? `${text.slice(0, SPOKEN)}… The answer goes on.` : text;
}
