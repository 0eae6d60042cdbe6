// Policy: rules, editor, versions.

import { Page } from '../components/page.tsx';
import { TEXTS } from '../texts.ts';

export function PolicyPage() {
  return (
    <Page title={TEXTS.pages.policy}>
      <p>{TEXTS.loading}</p>
    </Page>
  );
}
