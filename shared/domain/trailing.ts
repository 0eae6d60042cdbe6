// Takes characters off the end of a text in one pass: an expression like /[/]+$/ begins again at each of them, for a
// time that grows with their square.

/** @param characters each of which may stand at the end, any number of times */
export function withoutTrailing(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
