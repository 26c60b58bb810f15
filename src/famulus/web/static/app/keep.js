// What a reload of this tab must not lose: drafts, and messages that were not yet accepted by the server.

const read = (key, otherwise) => {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
};

const write = (key, value) => {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage may be full or forbidden; then a reload loses what was not sent, as it does everywhere.
  }
};

const OUTBOX = "famulus.outbox";
const draftOf = (chatId) => `famulus.draft.${chatId ?? "new"}`;

export const draft = (chatId) => read(draftOf(chatId), "");
export const keepDraft = (chatId, text) => write(draftOf(chatId), text);

export const unsent = (chatId) => read(OUTBOX, []).filter((letter) => letter.chatId === chatId);

export function keepUnsent(letter) {
  write(OUTBOX, [...read(OUTBOX, []).filter(({ clientId }) => clientId !== letter.clientId), letter]);
}

export function dropUnsent(clientId) {
  write(
    OUTBOX,
    read(OUTBOX, []).filter((letter) => letter.clientId !== clientId),
  );
}

/** Where the way is named by which the person is told in this browser; `push.js` keeps it. */
export const PUSH_CHANNEL = "famulus.push-channel";

export function isPushed() {
  try {
    return localStorage.getItem(PUSH_CHANNEL) !== null;
  } catch {
    return false;
  }
}

export function forgetAll() {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith("famulus.")) sessionStorage.removeItem(key);
}
