import { show } from './mount.ts';
import SignInPage from './SignInPage.svelte';
import { SignIn } from './sign-in.svelte.ts';

const challenge = new URLSearchParams(location.search).get('challenge');
const signIn = new SignIn(challenge, (address) => location.assign(address));

show(SignInPage, { signIn });
void signIn.open();
