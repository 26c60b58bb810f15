// A question that must be answered before anything happens.
import { html, signal, useEffect, useRef } from "../app/lib.js";

const question = signal(null);

export function ask({ title, text, action }) {
  return new Promise((resolve) => {
    question.value = { title, text, action, resolve };
  });
}

export function Question() {
  const dialog = useRef(null);
  const asked = question.value;
  useEffect(() => {
    if (asked) dialog.current.showModal();
  }, [asked]);
  const onClose = () => {
    asked?.resolve(dialog.current.returnValue === "yes");
    dialog.current.returnValue = "";
    question.value = null;
  };
  return html`<dialog class="card" ref=${dialog} onClose=${onClose} aria-labelledby="question">
    <form method="dialog">
      <h3 id="question">${asked?.title}</h3>
      <p>${asked?.text}</p>
      <p class="buttons"><button>Cancel</button><button value="yes" class="grave">${asked?.action}</button></p>
    </form>
  </dialog>`;
}
