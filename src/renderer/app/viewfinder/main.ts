import { mount } from 'svelte';
import '../../ui/tokens.css';
import { language } from '../../ui/messages/language.svelte.ts';
import Viewfinder from './Viewfinder.svelte';

const target = document.getElementById('window');

language.apply(document.documentElement);
if (target !== null) mount(Viewfinder, { target });
