"""OpResolver, TflmInterface, TflmArena: .tflite -> what the engine tflm is compiled with.

``env.OpResolver("op_resolver.h", tflite, RESOLVER=header)``: only the operators that the model
needs; those that ``header``, the tree's micro_mutable_op_resolver.h, lacks are an error.
``env.TflmInterface("model.h", tflite, MODELNAME="mnist")``: also tflm_model.h, beside it.
``env.TflmArena("arena_size.h", tflite, ARENALIMIT=bytes, ARENAREGION="SRAM1")``: also
arena_size.json; ARENAMARGIN is in percent.
"""

from SCons.Action import Action

from python_step import beside, command, depend_on_step

PACKAGES = ("tflite", "flatbuffers", "numpy", "jinja2")


def _limit_flags(target, source, env, for_signature):
    if not env["ARENALIMIT"]:
        return []
    return ["--limit", str(env["ARENALIMIT"]), "--region", env["ARENAREGION"]]


def _resolver_flags(target, source, env, for_signature):
    return ["--resolver", str(env["RESOLVER"])] if env["RESOLVER"] else []


def _step(target, source, env):
    depend_on_step(env, target, "tflm", PACKAGES)
    return target, source


def _resolver(target, source, env):
    env.Depends(target, env["RESOLVER"] or [])
    return _step(target, source, env)


def _interface(target, source, env):
    target = [target[0].dir.File(name) for name in ("model.h", "tflm_model.h")]
    return _step(target, source, env)


def _arena(target, source, env):
    target.append(beside(target[0], ".json"))
    depend_on_step(env, target, "tflm", (*PACKAGES, "tflite-micro"))
    return target, source


def generate(env):
    """Add the builders and their defaults."""
    env.SetDefault(
        MODELNAME="model",
        RESOLVER="",
        ARENALIMIT="",
        ARENAREGION="",
        ARENAMARGIN="10",
        _TFLMLIMITFLAGS=_limit_flags,
        _RESOLVERFLAGS=_resolver_flags,
        OPRESOLVERCOM=[
            command("tflm.resolver", "$SOURCE", "--output", "$TARGET", "$_RESOLVERFLAGS")
        ],
        TFLMINTERFACECOM=[
            command("tflm.interface", "$SOURCE", "--name", "$MODELNAME")
            + ["--output-dir", "${TARGET.dir}"]
        ],
        TFLMARENACOM=[
            command("tflm.arena", "$SOURCE", "--margin", "$ARENAMARGIN", "$_TFLMLIMITFLAGS")
            + ["--output", "${TARGETS[0]}", "--json", "${TARGETS[1]}"]
        ],
        OPRESOLVERCOMSTR="  RESOLVER $TARGET",
        TFLMINTERFACECOMSTR="  MODEL    $TARGET (tflm)",
        TFLMARENACOMSTR="  ARENA    $TARGET (tflite-micro, on this computer)",
    )
    for builder, variable, emitter in (
        ("OpResolver", "OPRESOLVERCOM", _resolver),
        ("TflmInterface", "TFLMINTERFACECOM", _interface),
        ("TflmArena", "TFLMARENACOM", _arena),
    ):
        env["BUILDERS"][builder] = env.Builder(
            action=Action(env[variable], f"${variable}STR"),
            emitter=emitter,
            suffix=".h",
            src_suffix=".tflite",
            single_source=True,
        )


def exists(env):
    """The steps need nothing but Python packages."""
    return True
