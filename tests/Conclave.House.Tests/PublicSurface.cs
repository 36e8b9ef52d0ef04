using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Conclave.Tests.House;

/// <summary>Writes down what an assembly offers to others: one line per type and per public or protected member, in ordinal order.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Describe(type)).Append('\n');
            foreach (var line in Members(type).Distinct().Order(StringComparer.Ordinal)) text.Append("  ").Append(line).Append('\n');
        }
        return text.ToString();
    }

    private static string Describe(Type type)
    {
        var kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => type.IsByRefLike ? "ref struct" : "struct",
            _ when type.IsSubclassOf(typeof(Delegate)) => "delegate",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
        var bases = type.GetInterfaces().Where(contract => contract.IsPublic).Select(NameOf).Order(StringComparer.Ordinal).ToList();
        if (type is { IsClass: true, BaseType: { } parent } && parent != typeof(object) && kind != "delegate") bases.Insert(0, NameOf(parent));
        return $"{kind} {NameOf(type)}" + (bases.Count == 0 || type.IsEnum ? "" : $" : {string.Join(", ", bases)}");
    }

    private static IEnumerable<string> Members(Type type)
    {
        foreach (var field in type.GetFields(Declared).Where(field => (field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly) && !field.IsSpecialName))
            yield return $"{(field.IsLiteral ? "const" : field.IsStatic ? "static field" : "field")} {NameOf(field.FieldType)} {field.Name}{(field.IsLiteral ? $" = {field.GetRawConstantValue()}" : "")}";
        foreach (var property in type.GetProperties(Declared))
        {
            var accessors = property.GetAccessors(nonPublic: true).Where(IsOffered).Select(AccessorName).Order(StringComparer.Ordinal).ToList();
            if (accessors.Count == 0 || IsGenerated(property)) continue;
            var parameters = property.GetIndexParameters();
            var name = parameters.Length == 0 ? property.Name : $"this[{Parameters(parameters)}]";
            yield return $"{(property.GetAccessors(nonPublic: true)[0].IsStatic ? "static " : "")}property {NameOf(property.PropertyType)} {name} {{ {string.Join("; ", accessors)}; }}";
        }
        foreach (var constructor in type.GetConstructors(Declared).Where(IsOffered)) yield return $"new({Parameters(constructor.GetParameters())})";
        foreach (var method in type.GetMethods(Declared).Where(method => IsOffered(method) && !IsGenerated(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))))
            yield return $"{(method.IsStatic ? "static " : "")}{NameOf(method.ReturnType)} {method.Name}{GenericArguments(method)}({Parameters(method.GetParameters())})";
    }

    private static bool IsOffered(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    // What the compiler adds to records follows from their being records.
    private static bool IsGenerated(MemberInfo member) => member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    private static string AccessorName(MethodInfo accessor)
    {
        if (accessor.Name.StartsWith("get_", StringComparison.Ordinal)) return "get";
        return accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init" : "set";
    }

    private static string Parameters(ParameterInfo[] parameters) =>
        string.Join(", ", parameters.Select(parameter => $"{Direction(parameter)}{NameOf(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "null"}" : "")}"));

    private static string Direction(ParameterInfo parameter) => !parameter.ParameterType.IsByRef ? "" : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";

    private static string GenericArguments(MethodInfo method) => method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(NameOf))}>" : "";

    private static string NameOf(Type type)
    {
        if (type.IsByRef) return NameOf(type.GetElementType()!);
        if (type.IsArray) return NameOf(type.GetElementType()!) + "[]";
        if (type.IsGenericParameter) return type.Name;
        var name = type.IsNested ? $"{NameOf(type.DeclaringType!)}.{type.Name}" : type.Namespace is { } space && space.StartsWith("Conclave", StringComparison.Ordinal) ? $"{space}.{type.Name}" : type.Name;
        var tick = name.LastIndexOf('`');
        return tick < 0 ? name : $"{name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>";
    }
}
