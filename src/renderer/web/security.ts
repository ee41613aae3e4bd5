import { show } from './mount.ts';
import SecurityPage from './SecurityPage.svelte';
import { Security } from './security.svelte.ts';

const challengeId = new URLSearchParams(location.search).get('challenge');
const security = new Security({ challengeId, go: (address) => location.assign(address) });

show(SecurityPage, { security });
void security.open();
