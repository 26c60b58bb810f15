// Files that are chosen, dropped or pasted while a message is written are uploaded at once.
import { useRef, useState } from "../../app/lib.js";
import { upload } from "./api.js";

let count = 0;

export function useChosenFiles() {
  const [files, setFiles] = useState([]);
  const underway = useRef(new Map());
  const change = (key, fields) => setFiles((all) => all.map((one) => (one.key === key ? { ...one, ...fields } : one)));
  const bring = async (file) => {
    const key = (count += 1);
    const left = new AbortController();
    underway.current.set(key, left);
    setFiles((all) => [...all, { key, name: file.name || "Picture", progress: 0 }]);
    try {
      const kept = await upload(file, { onProgress: (progress) => change(key, { progress: Math.min(progress, 0.99) }), aborted: left.signal });
      change(key, { kept, progress: 1 });
    } catch (problem) {
      if (!left.signal.aborted) change(key, { problem });
    }
  };
  return {
    files,
    kept: files.flatMap(({ kept }) => (kept ? [kept] : [])),
    isUnderway: files.some(({ kept, problem }) => !kept && !problem),
    take: (list) => [...list].forEach(bring),
    drop: (key) => {
      underway.current.get(key)?.abort();
      setFiles((all) => all.filter((one) => one.key !== key));
    },
    clear: () => setFiles([]),
  };
}
