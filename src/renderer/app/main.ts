import { mount } from 'svelte';
import '../ui/ground.css';
import { language } from '../ui/messages/language.svelte.ts';
import AppWindow from './AppWindow.svelte';
import { App } from './app.svelte.ts';

const target = document.getElementById('window');
const app = new App(window.doorstep ?? null);

language.apply(document.documentElement);
if (target !== null) mount(AppWindow, { target, props: { app } });
void app.open();
