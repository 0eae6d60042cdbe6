// Hands a text to the browser as a file.

/** Milliseconds until the text is let go: the browser reads it after the click. */
const KEPT_MS = 60_000;

export function download(name: string, text: string, type: 'text/csv' | 'application/json'): void {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
