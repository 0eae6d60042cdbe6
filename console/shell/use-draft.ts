// What a person has typed and not sent yet. It outlives a reload, and the way to Microsoft and back.

import { useCallback, useState } from 'preact/hooks';

const PREFIX = 'console.draft.';

/**
 * @param name of the field, unique in the console; with the id of what it is about
 * @returns the text, how to change it, and how to forget it once it was sent
 */
export function useDraft(name: string, initial = ''): [string, (text: string) => void, () => void] {
  const key = `${PREFIX}${name}`;
  const [text, setText] = useState(() => sessionStorage.getItem(key) ?? initial);
  const change = useCallback(
    (next: string) => {
      setText(next);
      try {
        sessionStorage.setItem(key, next);
      } catch {
        // More than the browser keeps: then it lasts as long as the page.
      }
    },
    [key],
  );
  const forget = useCallback(() => {
    sessionStorage.removeItem(key);
    setText(initial);
  }, [key, initial]);
  return [text, change, forget];
}
