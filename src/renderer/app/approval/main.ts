import { mount } from 'svelte';
import '../../ui/ground.css';
import { language } from '../../ui/messages/language.svelte.ts';
import { App } from '../app.svelte.ts';
import ApprovalWindow from './ApprovalWindow.svelte';

const target = document.getElementById('window');
const app = new App(window.doorstep ?? null);

language.apply(document.documentElement);
if (target !== null) mount(ApprovalWindow, { target, props: { app } });
void app.open();
