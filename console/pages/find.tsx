// Find: one box for whatever a person has at hand.

import { Page } from '../components/page.tsx';
import { TEXTS } from '../texts.ts';

export function FindPage() {
  return (
    <Page title={TEXTS.pages.overview}>
      <p>{TEXTS.loading}</p>
    </Page>
  );
}
