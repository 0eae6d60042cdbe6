// Shows text that a device, a user or a switch gave itself, kept apart from the writing around it.

import { foreignParts } from './foreign-text.ts';

/** @param children the text; nothing is shown as a dash */
export function Foreign({ children }: { readonly children: string | number | undefined }) {
  if (children === undefined || children === '') return <span class="muted">–</span>;
  return (
    <bdi class="foreign">
      {foreignParts(String(children)).map((part) =>
        'text' in part ? part.text : <span class="hidden-character">{part.hidden}</span>,
      )}
    </bdi>
  );
}
