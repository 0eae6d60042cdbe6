// The editor, loaded when a draft is opened: it is larger than the rest of the page.

import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PolicyEditorProps } from './editor/policy-editor.tsx';

export function useEditor(): ComponentType<PolicyEditorProps> | undefined {
  const [loaded, setLoaded] = useState<{ readonly Editor: ComponentType<PolicyEditorProps> }>();
  const [failed, setFailed] = useState<unknown>();
  useEffect(() => {
    import('./editor/policy-editor.tsx').then(
      ({ PolicyEditor }) => setLoaded({ Editor: PolicyEditor }),
      (thrown: unknown) => setFailed(thrown),
    );
  }, []);
  // After a deployment the part may be gone: the frame around all pages offers to load again.
  if (failed !== undefined) throw failed;
  return loaded?.Editor;
}
