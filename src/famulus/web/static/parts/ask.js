// A question that must be answered before anything happens.
import { html, signal, useEffect, useRef } from "../app/lib.js";

const question = signal(null);

/** Whether the person wants it: `action` says what is done. */
export async function ask({ title, text, action }) {
  return (await choose({ title, text, options: [["yes", action]], grave: true })) === "yes";
}

/** Which of `[[value, words], …]`; null when none of them. */
export function choose({ title, text, options, grave = false }) {
  return new Promise((resolve) => {
    question.value = { title, text, options, grave, resolve };
  });
}

export function Question() {
  const dialog = useRef(null);
  const asked = question.value;
  useEffect(() => {
    if (asked) dialog.current.showModal();
  }, [asked]);
  const onClose = () => {
    const answer = dialog.current.returnValue;
    dialog.current.returnValue = "";
    question.value = null;
    asked?.resolve(answer || null);
  };
  return html`<dialog class="card" ref=${dialog} onClose=${onClose} aria-labelledby="question">
    <form method="dialog">
      <h3 id="question">${asked?.title}</h3>
      <p>${asked?.text}</p>
      <p class="buttons">
        <button value="">Cancel</button>
        ${asked?.options.map(([value, words]) => html`<button key=${value} value=${value} class=${asked.grave ? "grave" : ""}>${words}</button>`)}
      </p>
    </form>
  </dialog>`;
}
