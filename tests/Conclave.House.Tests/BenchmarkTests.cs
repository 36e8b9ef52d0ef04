using System.Reflection;
using BenchmarkDotNet.Attributes;
using Conclave.Benchmarks;

namespace Conclave.Tests.House;

/// <summary>Every benchmark runs, once and with its smallest parameters, so that none rots between measurements.</summary>
public sealed class BenchmarkTests
{
    public static TheoryData<Type, string> Bodies
    {
        get
        {
            var bodies = new TheoryData<Type, string>();
            foreach (var type in typeof(CodecBenchmarks).Assembly.GetTypes())
                foreach (var method in type.GetMethods().Where(method => method.GetCustomAttribute<BenchmarkAttribute>() is not null))
                    bodies.Add(type, method.Name);
            return bodies;
        }
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Benchmark_runs(Type type, string method)
    {
        var subject = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties())
            if (property.GetCustomAttribute<ParamsAttribute>() is { } choice) property.SetValue(subject, choice.Values[0]);
        await CallAllAsync<GlobalSetupAttribute>(subject);
        Assert.NotNull(await CallAsync(subject, type.GetMethod(method)!));
        await CallAllAsync<GlobalCleanupAttribute>(subject);
    }

    private static async Task CallAllAsync<T>(object subject) where T : Attribute
    {
        foreach (var method in subject.GetType().GetMethods().Where(method => method.GetCustomAttribute<T>() is not null)) await CallAsync(subject, method);
    }

    /// <summary>The result, awaited when there is something to wait for.</summary>
    private static async Task<object?> CallAsync(object subject, MethodInfo method)
    {
        var result = method.Invoke(subject, null);
        var asTask = result?.GetType().GetMethod("AsTask");
        if ((result as Task ?? asTask?.Invoke(result, null)) is not Task task) return result;
        await task;
        return task.GetType().GetProperty("Result")?.GetValue(task);
    }
}
