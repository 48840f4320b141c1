/* One call of a function on simavr's core, instruction by instruction. */
#include <simavr/sim_avr.h>
#include <simavr/sim_core.h>
#include <stdint.h>
#include <string.h>

enum { RETURNED, STOPPED, ENDLESS };

static void silent(avr_t *avr, const int level, const char *format, va_list arguments) {
    (void)avr, (void)level, (void)format, (void)arguments;
}

avr_t *vv_core(const char *name) {
    avr_global_logger_set(silent);
    avr_t *avr = avr_make_mcu_by_name(name);
    if (avr && avr_init(avr)) return 0;
    return avr;
}

uint8_t *vv_flash(avr_t *avr, uint32_t *size) {
    *size = avr->flashend + 1;
    return avr->flash;
}

uint8_t *vv_data(avr_t *avr, uint32_t *size) {
    *size = avr->ramend + 1u;
    return avr->data;
}

void vv_end(avr_t *avr) { avr_terminate(avr); }

/* Arguments lie in their registers. `count` gives instructions and cycles; `watch` is told of every address. */
int vv_call(avr_t *avr, uint32_t entry, uint32_t back, uint16_t stack, uint64_t most, uint64_t count[2],
            void (*watch)(uint32_t)) {
    const avr_cycle_count_t begin = avr->cycle;
    uint64_t done = 0;
    memset(avr->sreg, 0, sizeof avr->sreg);
    avr->state = cpu_Running;
    _avr_sp_set(avr, stack);
    _avr_push_addr(avr, back);
    for (avr->pc = entry; avr->pc != back && avr->state == cpu_Running && done < most; done++) {
        if (watch) watch(avr->pc);
        avr->run_cycle_count = 1; /* so that the core stops behind one instruction */
        avr->pc = avr_run_one(avr);
    }
    count[0] = done;
    count[1] = avr->cycle - begin;
    return avr->pc == back ? RETURNED : avr->state == cpu_Running ? ENDLESS : STOPPED;
}
