// JSON that may be none.

/** `undefined`, which nothing in JSON stands for, when the text is not JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
