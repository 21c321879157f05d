"""The virtual STM32F746G-DISCO: ``python -m tinyml.emulator.stm32f746 IMAGE``.

The core is unicorn's, which is under the GPL version 2: nothing but this package imports it, and
this package runs as a process of its own. The peripherals are ours, after the reference manual
(RM0385); the processor's exceptions after its programming manual (PM0253) and Arm's architecture
(ARMv7-M ARM, DDI 0403).
"""
