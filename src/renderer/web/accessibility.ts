import { language } from '../ui/messages/language.svelte.ts';
import { show } from './mount.ts';
import { organizationName } from './organization.ts';
import TextPage from './TextPage.svelte';

const organization = await organizationName();
const { title, lead, items, contact } = language.say.web.accessPage;
show(TextPage, { organization, title, lead, items, end: contact });
